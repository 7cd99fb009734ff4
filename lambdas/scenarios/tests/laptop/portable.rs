//! Every scenario that runs on any body, each on a laptop of its own.

use scenarios::{Outcome, every_scenario};

use crate::support::Here;

macro_rules! as_tests {
    ($($module:ident :: $name:ident [$($need:ident),*],)*) => {$(
        #[tokio::test]
        async fn $name() -> Outcome {
            let here = Here::start().await?;
            assert_eq!(here.body.lacks(&[$(scenarios::Capability::$need),*]), []);
            scenarios::scenarios::$module::$name(&here.body).await?;
            here.stop().await
        }
    )*};
}

every_scenario!(as_tests);
