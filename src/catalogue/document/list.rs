//! All optimizers with their defaults.

use crate::catalogue::entries::{self, Named, Visitor};
use crate::catalogue::options::Options;
use crate::catalogue::plan::Chosen;
use crate::catalogue::reader::Reader;
use crate::catalogue::rules::chain;
use crate::catalogue::{Configuration, Hyperparameters, Value, aliases, entries as all};
use crate::error::Result;
use core::fmt::Write;

/// The hyperparameters of an optimizer with their defaults, in the order in which they are read; the options
/// that all have in common come last.
///
/// ```
/// use gradus::catalogue::{self, Value};
///
/// let defaults = catalogue::defaults("adamw")?;
/// assert!(defaults.contains(&("weight_decay", Value::Number(0.01))));
/// assert!(defaults.contains(&("gradient_clipping", Value::Text("none".to_owned()))));
/// # Ok::<(), gradus::error::Error>(())
/// ```
///
/// # Errors
/// [`UnknownOptimizer`](crate::error::Error::UnknownOptimizer).
pub fn defaults(optimizer: &str) -> Result<Vec<(&'static str, Value)>> {
    let mut defaults = own_defaults(optimizer)?;
    defaults.extend(Options::defaults(entries::named(optimizer)?)?);
    Ok(defaults)
}

/// Those of the optimizer alone.
fn own_defaults(optimizer: &str) -> Result<Vec<(&'static str, Value)>> {
    struct Ask<'a>(&'a Hyperparameters);

    impl Visitor for Ask<'_> {
        type Output = Vec<(&'static str, Value)>;

        fn visit<R: Named>(self) -> Result<Self::Output> {
            let mut reader = Reader::new(R::NAME, self.0);
            R::read(&mut reader)?;
            reader.warm_up()?;
            Ok(reader.defaults())
        }
    }

    entries::named(optimizer)?;
    let meant = Configuration::of(optimizer).resolved();
    let chosen = Chosen { optimizer: meant.optimizer, hyperparameters: meant.hyperparameters };
    let switches = &chosen.hyperparameters;
    if chosen.optimizer == chain::NAME {
        return chain::defaults();
    }
    let parts = aliases::parted(&chosen).map_or(vec![chosen.clone()], Vec::from);
    let mut defaults = Vec::new();
    for part in &parts {
        defaults.extend(
            entries::visit(&part.optimizer, switches, Ask(switches))?
                .into_iter()
                .map(|(name, value)| (name, part.hyperparameters.get(name).cloned().unwrap_or(value))),
        );
    }
    for (name, default) in &mut defaults {
        if let Some(value) = switches.get(name) {
            *default = value.clone();
        }
    }
    let mut seen = Vec::new();
    defaults.retain(|(name, _)| {
        !seen.contains(name) && {
            seen.push(*name);
            true
        }
    });
    Ok(defaults)
}

/// A text with all optimizers, what they are, and their hyperparameters with their defaults: each of them
/// the `hyperparameters` of a document in TOML.
///
/// ```
/// let text = gradus::catalogue::listing();
/// assert!(text.contains("# adamw: Adam with decoupled weight decay\n"));
/// assert!(text.contains("beta1 = 0.9\n"));
/// ```
pub fn listing() -> String {
    let mut text = String::new();
    let mut table = |title: &str, defaults: Result<Vec<(&'static str, Value)>>| {
        let _ = writeln!(text, "# {title}"); // a `String` takes everything
        for (name, value) in defaults.unwrap_or_default() {
            let _ = match value {
                Value::Text(value) => writeln!(text, "{name} = \"{value}\""),
                Value::Number(value) => writeln!(text, "{name} = {value:?}"),
                Value::Flag(value) => writeln!(text, "{name} = {value}"),
            };
        }
        text.push('\n');
    };
    for entry in all() {
        table(&format!("{}: {}", entry.name, entry.summary), own_defaults(entry.name));
    }
    table("every one of them: what stands around it", Options::defaults("adamw"));
    text
}
