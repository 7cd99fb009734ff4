//! A message's body, as far as its route is read from it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use laptop::catalog::Catalog;
use laptop::gateway::select;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

static ROUTES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let catalog = Catalog::load().expect("the catalog");
    catalog.functions.into_values().flat_map(|function| function.routes).collect()
});

pub(crate) fn run(data: &[u8]) {
    let body = crate::text(data);
    let route = select(|key| ROUTES.contains(key), body);
    assert!(ROUTES.contains(&route), "{route}");
    let action = match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(fields)) => {
            fields.get("action").and_then(Value::as_str).map(str::to_owned)
        }
        Ok(_) => None,
        // A route is read from less than the whole: its function will refuse the rest.
        Err(_) => return,
    };
    if route == "$default" {
        // It takes what no other takes, and a body that names two actions.
        let taken = action.filter(|action| !action.starts_with('$') && !action.contains(' '));
        let taken = taken.filter(|action| ROUTES.contains(action));
        assert!(taken.is_none() || names_twice(body), "{body}");
    } else {
        assert_eq!(action.as_deref(), Some(route.as_str()), "{body}");
        assert!(!route.starts_with('$') && !route.contains(' '), "{route}");
    }
}

fn names_twice(body: &str) -> bool {
    #[derive(Deserialize)]
    struct Named {
        #[expect(dead_code, reason = "serde refuses a field that comes twice")]
        action: IgnoredAny,
    }
    serde_json::from_str::<Named>(body).is_err()
}
