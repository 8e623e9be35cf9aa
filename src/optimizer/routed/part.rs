//! The part of a set of tensors that goes one way, and whether the set is the one that is known.

use crate::device::{Device, GradientSet, ParameterSet, Slot};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::shape::Layout;

/// The parameters of a set whose route is `way`.
pub(super) struct Parameters<'s, S: ?Sized> {
    pub(super) set: &'s mut S,
    pub(super) routes: &'s [bool],
    pub(super) way: bool,
}

/// The gradients of a set whose route is `way`.
pub(super) struct Gradients<'s, S: ?Sized> {
    pub(super) set: &'s S,
    pub(super) routes: &'s [bool],
    pub(super) way: bool,
}

/// Whether the tensors of a set go some way, one after the other.
fn each_goes(routes: &[bool], way: bool) -> impl FnMut() -> bool + '_ {
    let mut routes = routes.iter();
    move || routes.next().is_some_and(|route| *route == way)
}

impl<D: Device, T: StorageDtype, S: ParameterSet<D, T> + ?Sized> ParameterSet<D, T> for Parameters<'_, S> {
    fn describe(&self, visit: &mut dyn FnMut(&str, Layout)) {
        let mut goes = each_goes(self.routes, self.way);
        self.set.describe(&mut |name, layout| {
            if goes() {
                visit(name, layout);
            }
        });
    }

    fn lend<'a>(&'a mut self, visit: &mut dyn FnMut(&str, Layout, Option<D::ViewMut<'a, T>>)) {
        let mut goes = each_goes(self.routes, self.way);
        self.set.lend(&mut |name, layout, view| {
            if goes() {
                visit(name, layout, view);
            }
        });
    }
}

impl<D: Device, T: StorageDtype, S: GradientSet<D, T> + ?Sized> GradientSet<D, T> for Gradients<'_, S> {
    fn lend<'a>(&'a self, visit: &mut dyn FnMut(&str, Slot<D::View<'a, T>>)) {
        let mut goes = each_goes(self.routes, self.way);
        self.set.lend(&mut |name, slot| {
            if goes() {
                visit(name, slot);
            }
        });
    }
}

/// Checks that a set has the parameters that are known, in their order.
pub(super) fn check_parameters<D: Device, T: StorageDtype>(
    names: &[String],
    set: &mut (impl ParameterSet<D, T> + ?Sized),
) -> Result<()> {
    let (mut place, mut result) = (0, Ok(()));
    set.lend(&mut |name, _, _| {
        if let (Ok(()), Some(known)) = (&result, names.get(place))
            && name != known
        {
            result = Err(Error::ParameterOrder { place, expected: known.clone(), found: name.to_owned() });
        }
        place += 1;
    });
    result?;
    if place == names.len() {
        Ok(())
    } else {
        Err(Error::ParameterCount { expected: names.len(), found: place })
    }
}

/// Checks that a set has a place for each gradient that is known, in their order.
pub(super) fn check_gradients<D: Device, T: StorageDtype>(
    names: &[String],
    set: &(impl GradientSet<D, T> + ?Sized),
) -> Result<()> {
    let (mut place, mut result) = (0, Ok(()));
    set.lend(&mut |name, _| {
        if result.is_ok() {
            result = match names.get(place) {
                Some(known) if name == known => Ok(()),
                Some(known) => {
                    Err(Error::GradientOrder { place, expected: known.clone(), found: name.to_owned() })
                }
                None => Err(Error::UnknownGradient { name: name.to_owned() }),
            };
        }
        place += 1;
    });
    result?;
    if place < names.len() {
        return Err(Error::MissingGradient { parameters: names[place..].to_vec() });
    }
    Ok(())
}
