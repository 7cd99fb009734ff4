//! Who gives a command: a claim, for the audit record. What IAM let in stands in CloudTrail.

use std::env;
use std::fs;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;

/// The audit record can do without; a person waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// The caller's ARN, or else the user of this machine.
pub(crate) async fn on_aws(aws: &SdkConfig) -> String {
    let patience = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
    let config = aws_sdk_sts::config::Builder::from(aws).timeout_config(patience).build();
    let identity = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
    identity.ok().and_then(|identity| identity.arn).unwrap_or_else(on_this_machine)
}

/// `USER@HOST`.
pub(crate) fn on_this_machine() -> String {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("USER").or_else(|| variable("LOGNAME")).or_else(|| variable("USERNAME"));
    let host = variable("HOSTNAME").or_else(|| variable("COMPUTERNAME"));
    let host = host.or_else(|| Some(fs::read_to_string("/etc/hostname").ok()?.trim().to_owned()));
    let [user, host] = [user, host].map(|part| part.unwrap_or_else(|| "unknown".to_owned()));
    format!("{user}@{host}")
}
