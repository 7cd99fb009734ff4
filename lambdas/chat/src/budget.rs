//! What fits into a frame.

use protocol::limits;
use serde::Serialize;

/// What a page's frame holds beside its messages, at the most: the request's id (128 characters,
/// six bytes each when escaped) and a dozen short fields.
pub const ENVELOPE_BYTES: usize = 1_024;

/// Whether a text, as JSON, leaves room in a frame for what stands around it.
#[must_use]
pub fn fits(text: &str) -> bool {
    let bytes = serde_json::to_vec(text).map_or(usize::MAX, |json| json.len());
    bytes <= limits::TEXT_JSON_BYTES
}

/// Counts down the bytes of a frame.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    begun: bool,
}

impl Budget {
    /// A frame's worth.
    #[must_use]
    pub fn new() -> Self {
        Self { left: limits::FRAME_BYTES - ENVELOPE_BYTES, begun: false }
    }

    /// Whether one more fits. The first always does: a single message is smaller than the
    /// platform's frame, and a page without any would never get a client further.
    pub fn takes(&mut self, item: &impl Serialize) -> bool {
        let bytes = serde_json::to_vec(item).map_or(usize::MAX, |json| json.len() + 1);
        let fits = bytes <= self.left;
        self.left = self.left.saturating_sub(bytes);
        let first = !self.begun;
        self.begun = true;
        fits || first
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}
