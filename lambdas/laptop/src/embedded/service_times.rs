//! What calls cost in simulated time.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::connector::Operation;

/// How long calls take in a simulation, to whole milliseconds. Each call draws anew from the range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTimes {
    /// A request or an answer under way, one direction.
    pub travel: RangeInclusive<Duration>,
    /// A read of DynamoDB.
    pub read: RangeInclusive<Duration>,
    /// A write of one item to DynamoDB.
    pub write: RangeInclusive<Duration>,
    /// A transaction in DynamoDB. For as long as it takes it holds its items: another write of one of
    /// them is refused with `TransactionConflict`, as "Amazon DynamoDB Transactions: How it works"
    /// has it under "Transaction conflict handling".
    pub transaction: RangeInclusive<Duration>,
    /// A call of any other service, such as a post to a socket.
    pub other: RangeInclusive<Duration>,
}

impl Default for ServiceTimes {
    /// Near what a function meets in its region; enough spread that calls overtake one another.
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            travel: ms(0)..=ms(2),
            read: ms(1)..=ms(5),
            write: ms(2)..=ms(8),
            transaction: ms(5)..=ms(20),
            other: ms(2)..=ms(15),
        }
    }
}

impl ServiceTimes {
    /// The same time for a service's every call, and none under way.
    #[must_use]
    pub fn fixed(read: Duration, write: Duration, transaction: Duration, other: Duration) -> Self {
        Self {
            travel: Duration::ZERO..=Duration::ZERO,
            read: read..=read,
            write: write..=write,
            transaction: transaction..=transaction,
            other: other..=other,
        }
    }

    pub(super) async fn travel(&self) {
        pass(&self.travel).await;
    }

    pub(super) async fn service(&self, operation: &Operation) {
        let range = match operation {
            Operation::Dynamo(name) => match name.as_str() {
                "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems" => &self.read,
                "TransactWriteItems" => &self.transaction,
                _ => &self.write,
            },
            _ => &self.other,
        };
        pass(range).await;
    }
}

async fn pass(range: &RangeInclusive<Duration>) {
    tokio::time::sleep(draw(range)).await;
}

/// Whole milliseconds within the range, from the thread's random numbers.
pub(crate) fn draw(range: &RangeInclusive<Duration>) -> Duration {
    let ms = |duration: &Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (least, most) = (ms(range.start()), ms(range.end()));
    Duration::from_millis(fastrand::u64(least..=most.max(least)))
}
