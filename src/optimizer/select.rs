//! Which parameters: by name, pattern or shape.
//!
//! A condition is any function of a parameter's name and layout; here are the usual ones.
//!
//! ```
//! use gradus::optimizer::select;
//! use gradus::shape::Layout;
//!
//! let matrix = Layout::row_major(&[3, 4]);
//! let vector = Layout::row_major(&[4]);
//! assert!(select::named("*.bias")("layer.0.bias", &vector));
//! assert!(!select::named("*.bias")("layer.0.weight", &matrix));
//! assert!(select::vectors()("norm.scale", &vector));
//! let hidden = select::all(select::matrices(), select::not(select::named("embedding.*")));
//! assert!(hidden("layer.0.weight", &matrix) && !hidden("embedding.weight", &matrix));
//! ```

use crate::shape::Layout;

/// Parameters whose names fit a pattern, in which `*` stands for any text and `?` for any character.
pub fn named(pattern: &str) -> impl Fn(&str, &Layout) -> bool + Clone + Send + Sync + 'static {
    let pattern = wildmatch::WildMatch::new(pattern);
    move |name, _| pattern.matches(name)
}

/// Parameters with one of these names.
pub fn any_of<N: Into<String>>(
    names: impl IntoIterator<Item = N>,
) -> impl Fn(&str, &Layout) -> bool + Clone + Send + Sync + 'static {
    let names: std::collections::HashSet<String> = names.into_iter().map(Into::into).collect();
    move |name, _| names.contains(name)
}

/// Parameters with exactly this many axes.
pub fn rank(rank: usize) -> impl Fn(&str, &Layout) -> bool + Copy + Send + Sync + 'static {
    move |_, layout| layout.shape().len() == rank
}

/// Parameters with at most one axis: biases, and the scales of normalisations.
pub fn vectors() -> impl Fn(&str, &Layout) -> bool + Copy + Send + Sync + 'static {
    |_, layout| layout.shape().len() <= 1
}

/// Parameters with two axes or more.
pub fn matrices() -> impl Fn(&str, &Layout) -> bool + Copy + Send + Sync + 'static {
    |_, layout| layout.shape().len() >= 2
}

/// Parameters with at most one axis, and those whose names end in `bias`: what is usually not decayed.
pub fn vectors_and_biases() -> impl Fn(&str, &Layout) -> bool + Copy + Send + Sync + 'static {
    |name, layout| layout.shape().len() <= 1 || name == "bias" || name.ends_with(".bias")
}

/// Parameters that fit both conditions.
pub fn all(
    first: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
    second: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
) -> impl Fn(&str, &Layout) -> bool + Send + Sync + 'static {
    move |name, layout| first(name, layout) && second(name, layout)
}

/// Parameters that fit one of two conditions.
pub fn either(
    first: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
    second: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
) -> impl Fn(&str, &Layout) -> bool + Send + Sync + 'static {
    move |name, layout| first(name, layout) || second(name, layout)
}

/// Parameters that do not fit a condition.
pub fn not(
    condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
) -> impl Fn(&str, &Layout) -> bool + Send + Sync + 'static {
    move |name, layout| !condition(name, layout)
}
