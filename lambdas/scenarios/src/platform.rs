use std::fmt;

use clap::ValueEnum;

/// What a scenario may need of the platform beneath it. A body lists what it has; a scenario that
/// needs more is left out there, and only then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Capability {
    /// The socket takes an access token in its URL: a setting, Terraform's `allow_url_token`
    UrlToken,
    /// A frame over 32 KB, a message over 128 KB or a binary frame ends the socket, with 1009 or 1003
    SizeLimits,
    /// A frame of brackets thousands deep comes to a function
    DeepFrames,
    /// The mails that it sends can be read: `--mailbox-url`
    Mailbox,
    /// There is a way to its `admin` function: `--admin`
    Admin,
    /// It trusts an outside issuer whose secret is known: `PARLEY_OUTSIDE_SECRET`
    Outside,
}

/// A kind of body, by what is beneath it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Platform {
    /// The laptop's own gateway
    Laptop,
    /// MiniStack
    Emulated,
    /// API Gateway
    Aws,
}

impl Platform {
    /// What bodies of this kind can do.
    #[must_use]
    pub fn capabilities(self) -> &'static [Capability] {
        use Capability::{Admin, DeepFrames, Mailbox, Outside, SizeLimits, UrlToken};
        match self {
            Self::Laptop => &[UrlToken, SizeLimits, DeepFrames, Mailbox, Admin, Outside],
            // SizeLimits: it takes frames of any size and reads binary ones as text. AWS ends the
            // socket ("Quotas for configuring and running a WebSocket API in API Gateway").
            // DeepFrames: its JSON reader gives up on them, and it ends the socket with 1000. Not yet
            // seen on AWS.
            Self::Emulated => &[UrlToken, Mailbox, Admin, Outside],
            // Mailbox: its mails go to people.
            // Outside: whom it trusts is for its people to say.
            Self::Aws => &[UrlToken, SizeLimits, DeepFrames, Admin],
        }
    }
}

// Under the names that the command line takes.
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ALL;

    fn left_out(platform: Platform) -> Vec<&'static str> {
        let can = platform.capabilities();
        let lacks = |need: &Capability| !can.contains(need);
        let left_out = ALL.iter().filter(|scenario| scenario.needs.iter().any(lacks));
        left_out.map(|scenario| scenario.name).collect()
    }

    #[test]
    fn each_capability_is_needed_and_the_laptop_has_it() {
        for capability in Capability::value_variants() {
            assert!(ALL.iter().any(|scenario| scenario.needs.contains(capability)), "{capability}");
            assert!(Platform::Laptop.capabilities().contains(capability), "{capability}");
        }
    }

    /// A scenario that is left out proves nothing: each is a decision, taken here.
    #[test]
    fn little_is_left_out() {
        assert_eq!(left_out(Platform::Laptop), <[&str; 0]>::default());
        let needs = |capability| {
            let needs = move |scenario: &&crate::Scenario| scenario.needs.contains(&capability);
            ALL.iter().filter(needs).map(|scenario| scenario.name)
        };
        let mut by_mail_or_issuer: Vec<_> = needs(Capability::Mailbox).collect();
        by_mail_or_issuer.extend(needs(Capability::Outside));
        let mut aws = left_out(Platform::Aws);
        aws.sort_unstable();
        by_mail_or_issuer.sort_unstable();
        by_mail_or_issuer.dedup();
        assert_eq!(aws, by_mail_or_issuer);
        assert_eq!(
            left_out(Platform::Emulated),
            ["sockets::too_much_at_once_ends_the_socket", "input::deep_frames_are_refused"]
        );
    }
}
