//! Lists of names in messages.

pub(super) fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(super) fn waiting_for(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", without a gradient for {}", quoted(names)) }
}
