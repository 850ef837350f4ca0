//! Seeds that every run of CI repeats: each found something once, or reaches a corner.

/// The list, kept by hand: a seed and its story on each line.
const LIST: &str = include_str!("../seeds/regressions.txt");

/// All seeds of the list.
///
/// # Errors
/// The first line that does not begin with a number.
pub fn regressions() -> Result<Vec<u64>, String> {
    let lines = LIST.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let first = line.split_whitespace().next().unwrap_or("");
            first.parse().map_err(|_| format!("no seed at the beginning of {line:?}"))
        })
        .collect()
}
