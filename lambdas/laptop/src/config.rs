//! How a laptop starts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::gateway::Limits;

/// What [`start`](crate::start) needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// Where the data lies.
    pub data: Data,
    /// The built web client; none is served without it.
    pub site: Option<PathBuf>,
    /// The gateway's limits.
    pub gateway: Limits,
    /// Settings for every function, over those that Terraform would give it.
    pub settings: BTreeMap<String, String>,
    /// What the Parameter Store holds, by name: for tests.
    pub parameters: BTreeMap<String, String>,
    /// A random delay before each call of a function: for tests of a person's own order.
    pub handler_delay: Option<RangeInclusive<Duration>>,
    /// Whether [`Laptop::requests`](crate::Laptop::requests) keeps bodies: for tests.
    pub record_requests: bool,
    /// Seeds the faults and the handler delay.
    pub seed: u64,
}

/// Where the data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Nowhere: it ends with the process.
    Memory,
    /// In this directory, which is made if it is not there.
    Directory(PathBuf),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            data: Data::Memory,
            site: None,
            gateway: Limits::default(),
            settings: BTreeMap::new(),
            parameters: BTreeMap::new(),
            handler_delay: None,
            record_requests: false,
            seed: 0,
        }
    }
}
