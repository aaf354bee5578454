//! Many histories, each drawn from a seed, on two cores; one that breaks an invariant is named, and can be played again.

use std::ops::Range;

/// Plays every seed; what they came to, added up. `again`: the test that plays one of them.
///
/// # Panics
/// The first that is broken, with the line that plays it again.
pub(crate) fn all(seeds: Range<u64>, again: &str, play: fn(u64) -> Result<u64, String>) -> u64 {
    let middle = seeds.start.midpoint(seeds.end);
    let (first, second) = (seeds.start..middle, middle..seeds.end);
    let other = std::thread::spawn(move || sum(second, play));
    let results = [sum(first, play), other.join().unwrap()];
    let done: Result<Vec<u64>, String> = results.into_iter().collect();
    match done {
        Ok(sums) => sums.into_iter().sum(),
        Err(broken) => {
            let seed = broken.split_whitespace().nth(1).unwrap_or_default().trim_end_matches(':').to_owned();
            panic!("{broken}\n  STACKSNAP_SEED={seed} cargo test --test simulation {again} -- --nocapture");
        }
    }
}

fn sum(seeds: Range<u64>, play: fn(u64) -> Result<u64, String>) -> Result<u64, String> {
    seeds.map(|seed| play(seed).map_err(|broken| format!("seed {seed}: {broken}"))).sum()
}

/// The seed that somebody wants to see played.
pub(crate) fn wanted() -> Option<u64> {
    std::env::var("STACKSNAP_SEED").ok().and_then(|seed| seed.parse().ok())
}
