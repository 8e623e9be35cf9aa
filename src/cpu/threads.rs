//! Two tasks side by side.
//!
//! Rayon's part of it is not generic: it would be compiled anew for every optimizer, several times,
//! and take a third of the time that compiling one takes.

/// Runs both, on two threads if one is idle.
pub(super) fn join(left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
    let (mut left, mut right) = (Some(left), Some(right));
    join_tasks(&mut || left.take().expect("a task runs once")(), &mut || {
        right.take().expect("a task runs once")();
    });
}

fn join_tasks(left: &mut (dyn FnMut() + Send), right: &mut (dyn FnMut() + Send)) {
    rayon::join(left, right);
}
