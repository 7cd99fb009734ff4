//! Every input that was kept, again; and more like it.

// clippy.toml allows these in `#[test]` functions only; here all is test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use fuzz::TARGETS;
use proptest::prelude::*;
use proptest::sample::Index;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder().join(target)).expect(target);
    let mut all: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    all.sort();
    all.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let folders: BTreeSet<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(folders, targets);
    for target in TARGETS {
        assert!(!corpus(target.name).is_empty(), "{}", target.name);
    }
}

#[test]
fn what_was_found_before_stays_right() {
    for target in TARGETS {
        for (path, input) in corpus(target.name) {
            // Printed when it fails.
            println!("{}", path.display());
            (target.run)(&input);
        }
    }
}

/// A change to an input: a place, what to take away there, what to put there instead.
type Change = (Index, Index, Vec<u8>);

fn changed(input: &[u8], (place, taken, put): &Change) -> Vec<u8> {
    let place = place.index(input.len() + 1);
    let end = place + taken.index((input.len() - place).min(8) + 1);
    [&input[..place], put, &input[end..]].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_taken(input in prop::collection::vec(any::<u8>(), 0..256)) {
        for target in TARGETS {
            (target.run)(&input);
        }
    }

    #[test]
    fn any_text_is_taken(input in "\\PC{0,64}\n?\\PC{0,64}\n?\\PC{0,64}") {
        for target in TARGETS {
            (target.run)(input.as_bytes());
        }
    }

    #[test]
    fn what_was_found_before_is_taken_with_changes(
        which in any::<Index>(),
        changes in prop::collection::vec(
            (any::<Index>(), any::<Index>(), prop::collection::vec(any::<u8>(), 0..4)),
            1..4,
        ),
    ) {
        for target in TARGETS {
            let kept = corpus(target.name);
            let (_, input) = &kept[which.index(kept.len())];
            (target.run)(&changes.iter().fold(input.clone(), |input, one| changed(&input, one)));
        }
    }
}
