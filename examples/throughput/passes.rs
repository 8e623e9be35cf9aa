//! What the statistics of a step must read, before anything is written.

/// What a pass must read of each element.
#[derive(Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) gradient: bool,
    pub(crate) parameter: bool,
    /// Fields of the state.
    pub(crate) fields: usize,
}

/// A pass over gradients alone.
pub(crate) const GRADIENT: Reads = reads(true, false, 0);

const fn reads(gradient: bool, parameter: bool, fields: usize) -> Reads {
    Reads { gradient, parameter, fields }
}

/// The passes of an optimizer, with its defaults and once training is under way; `count` of them where only the
/// gradient is looked at. What an update is made of is what its norm is made of.
pub(crate) fn of(optimizer: &str, count: usize) -> Vec<Reads> {
    let (parameter, update) = (reads(false, true, 0), reads(true, false, 2));
    match optimizer {
        "stable_adamw" => vec![reads(true, false, 1)],
        "sign_laprop" => vec![update, update],
        "msam_laprop" => vec![update],
        "hyperball_adamw" => vec![parameter, reads(true, true, 1), reads(true, true, 1)],
        "ortho_laprop" => vec![reads(true, true, 0), parameter, GRADIENT, reads(true, true, 0)],
        "laprop_ortho" => vec![reads(true, true, 2), parameter, update, reads(true, true, 2)],
        "suds_adamw" => {
            let along = reads(true, false, 1);
            vec![reads(false, false, 1), along, along, reads(true, false, 3), along]
        }
        _ => vec![GRADIENT; count],
    }
}
