//! What Terraform deploys, read from the very files that Terraform reads: which function takes which
//! route, with which time limit and which rights, and which tables there are.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

const FUNCTIONS: &str = include_str!("../../../terraform/functions.tf.json");
const TABLES: &str = include_str!("../../../terraform/tables.tf.json");

/// The functions and tables of one deployment.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Every function, by name.
    pub functions: BTreeMap<String, FunctionSpec>,
    /// Every table, by its logical name.
    pub tables: BTreeMap<String, TableSpec>,
}

/// One function of `functions.tf.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct FunctionSpec {
    /// Route keys: `$connect`, `sendMessage`, `POST /v1/accounts`.
    pub routes: Vec<String>,
    /// Routes that this function authorizes instead of serving.
    #[serde(default)]
    pub authorizes: Vec<String>,
    /// The time limit of one invocation, in seconds.
    timeout: u64,
    /// Names of settings beyond those that the statements imply.
    pub env: Vec<String>,
    /// What its role allows.
    pub statements: Vec<Statement>,
}

impl FunctionSpec {
    /// The time limit of one invocation.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// One right of a function's role.
#[derive(Debug, Clone, Deserialize)]
pub struct Statement {
    /// On what.
    #[serde(flatten)]
    pub resource: Resource,
    /// IAM actions.
    pub actions: Vec<String>,
}

/// What a [`Statement`] gives a right on.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Resource {
    /// A table, or one of its indexes.
    Table {
        /// The table's logical name.
        table: String,
        /// The index's name.
        index: Option<String>,
    },
    /// The `@connections` calls of one HTTP method.
    Connections {
        /// `POST`, `GET` or `DELETE`.
        connections: String,
    },
    /// A KMS key.
    Key {
        /// The key's logical name.
        key: String,
    },
    /// Sending mail.
    Mail {
        /// Always `from`: as the address that the stage sends from.
        mail: String,
    },
    /// Parameters of the Parameter Store.
    Parameters {
        /// The last part of their path: `issuers`.
        parameters: String,
    },
}

impl Resource {
    /// The name under which a [`Call`](crate::embedded::Call) records it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Table { table, index: None } => table.clone(),
            Self::Table { table, index: Some(index) } => format!("{table}/{index}"),
            Self::Connections { connections } => connections.clone(),
            Self::Key { key } => key.clone(),
            Self::Mail { mail } => mail.clone(),
            Self::Parameters { parameters } => parameters.clone(),
        }
    }
}

/// One table of `tables.tf.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct TableSpec {
    /// The partition key.
    pub hash_key: KeySpec,
    /// The sort key.
    pub range_key: Option<KeySpec>,
    /// The attribute whose time, in seconds since 1970, ends an item.
    pub ttl_attribute: Option<String>,
    /// Global secondary indexes, by name.
    #[serde(default)]
    pub indexes: BTreeMap<String, IndexSpec>,
}

/// A global secondary index; it projects every attribute unless it says `KEYS_ONLY`.
#[derive(Debug, Clone, Deserialize)]
pub struct IndexSpec {
    /// The partition key.
    pub hash_key: KeySpec,
    /// The sort key.
    pub range_key: Option<KeySpec>,
    /// `ALL` or `KEYS_ONLY`.
    pub projection: Option<String>,
}

/// A key attribute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KeySpec {
    /// The attribute's name.
    pub name: String,
    /// `S`, `N` or `B`.
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Deserialize)]
struct Locals<T> {
    locals: T,
}

#[derive(Deserialize)]
struct FunctionsFile {
    functions: BTreeMap<String, FunctionSpec>,
}

#[derive(Deserialize)]
struct TablesFile {
    tables: BTreeMap<String, TableSpec>,
}

impl Catalog {
    /// The catalog that this build carries.
    ///
    /// # Errors
    /// When one of the files does not have the shape described here. A test reads both.
    pub fn load() -> Result<Self, serde_json::Error> {
        let functions: Locals<FunctionsFile> = serde_json::from_str(FUNCTIONS)?;
        let tables: Locals<TablesFile> = serde_json::from_str(TABLES)?;
        Ok(Self { functions: functions.locals.functions, tables: tables.locals.tables })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_terraform_reads() {
        let catalog = Catalog::load().unwrap();
        assert!(catalog.functions["connection-manager"].routes.contains(&"$connect".to_owned()));
        assert_eq!(catalog.functions["authorizer"].authorizes, ["$connect"]);
        assert_eq!(catalog.tables["messages"].range_key.as_ref().unwrap().kind, "N");
    }

    #[test]
    fn every_statement_names_a_table_that_exists() {
        let catalog = Catalog::load().unwrap();
        for (name, function) in &catalog.functions {
            for statement in &function.statements {
                if let Resource::Table { table, index } = &statement.resource {
                    let spec = catalog.tables.get(table);
                    assert!(spec.is_some(), "{name}: {table}");
                    if let Some(index) = index {
                        assert!(
                            spec.unwrap().indexes.contains_key(index),
                            "{name}: {table}/{index}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_route_has_one_owner() {
        let catalog = Catalog::load().unwrap();
        let mut routes: Vec<_> =
            catalog.functions.values().flat_map(|function| &function.routes).collect();
        let all = routes.len();
        routes.sort();
        routes.dedup();
        assert_eq!(routes.len(), all);
    }
}
