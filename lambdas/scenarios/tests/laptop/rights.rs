//! A function's role lists exactly the calls that its code makes.

use std::collections::BTreeSet;

use laptop::embedded::Call;
use scenarios::scenarios::origins::CHANGING_CALLS;
use scenarios::{Client, Failure, Outcome, ensure_eq};

use crate::support::{Here, ROOM};

/// The scenario of foreign pages tries every route that may change something.
#[tokio::test]
async fn a_foreign_page_tries_every_changing_call() -> Outcome {
    let here = Here::start().await?;
    let routes = here.laptop.aws().catalog().functions.values().flat_map(|spec| &spec.routes);
    let changing =
        routes.filter(|route| route.starts_with("POST ") || route.starts_with("DELETE "));
    let changing: BTreeSet<String> = changing.map(|route| route.replace("{id}", "s_1")).collect();
    let tried = CHANGING_CALLS.map(|(method, path)| format!("{method} {path}"));
    ensure_eq!(BTreeSet::from(tried), changing, "calls");
    here.stop().await
}

#[tokio::test]
async fn roles_grant_what_is_called_and_nothing_else() -> Outcome {
    let here = Here::start().await?;
    for scenario in scenarios::ALL {
        // Each leaves traces of its own in the room, as on a body that is not made anew.
        scenario.run(&here.body).await.map_err(|failure| failure.during(scenario.name))?;
    }
    let people = here.body.people(2).await?;
    let dead = here.leave_dead_row(&people[1]).await?;
    let client = Client::open(&here.body, &people[0]).await?;
    client.send(ROOM, "who is dead?").await?;
    crate::support::eventually("reaping", || async {
        Ok(here.subscription(&dead).await?.is_none())
    })
    .await?;
    here.delete_subscription(&client.connection_id()?).await?;
    client.ping().await?;
    drop(client);

    let granted: BTreeSet<Call> = here
        .laptop
        .aws()
        .catalog()
        .functions
        .iter()
        .flat_map(|(function, spec)| {
            spec.statements.iter().flat_map(move |statement| {
                statement.actions.iter().map(move |action| Call {
                    function: function.clone(),
                    action: action.clone(),
                    resource: statement.resource.name(),
                })
            })
        })
        .collect();
    // A room's row is made by whoever asks first: there, it was a page; here, it is a greeting.
    let other = Here::start().await?;
    drop(Client::open(&other.body, &other.body.person("ada").await?).await?);
    let mut called = here.laptop.calls();
    called.extend(other.laptop.calls());
    other.stop().await?;
    let denied: Vec<_> = called.difference(&granted).collect();
    let unused: Vec<_> = granted.difference(&called).collect();
    ensure_eq!(denied, Vec::<&Call>::new(), "calls that AWS would refuse");
    ensure_eq!(unused, Vec::<&Call>::new(), "rights that nothing uses");
    if called.is_empty() {
        return Err(Failure::new("nothing was recorded"));
    }
    here.stop().await
}
