//! How deep JSON may nest. Judged before anything is parsed, so that no body can take more stack
//! than a thread has.

/// Levels of lists and objects inside each other that a body may have. Reading, checking and
/// compiling tasks nested that deep takes between 1 and 2 MiB of stack in a plain build; threads
/// are to have `fermata_wire::conductor::lenient::READER_STACK_BYTES`, which is more.
pub const BODY_DEPTH_MAX: usize = 100;

/// Whether some bracket of the text is nested deeper than [`BODY_DEPTH_MAX`]. The text need not
/// be JSON; of valid JSON the answer is exact.
pub(super) fn is_too_deep(json: &[u8]) -> bool {
    let mut depth = 0usize;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => {
                depth += 1;
                if depth > BODY_DEPTH_MAX {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_and_those_in_strings_do_not() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(!is_too_deep(nested(BODY_DEPTH_MAX).as_bytes()));
        assert!(is_too_deep(nested(BODY_DEPTH_MAX + 1).as_bytes()));
        let text = format!(r#"{{"a":"\"{}"}}"#, "[".repeat(BODY_DEPTH_MAX * 2));
        assert!(!is_too_deep(text.as_bytes()));
        let wide = format!("[{}[]]", "[],".repeat(10_000));
        assert!(!is_too_deep(wide.as_bytes()));
    }

    #[test]
    fn texts_that_are_no_json_are_judged_too() {
        assert!(!is_too_deep(b"\"\\"));
        assert!(!is_too_deep(b"]]]]"));
        assert!(is_too_deep("{".repeat(1_000_000).as_bytes()));
    }
}
