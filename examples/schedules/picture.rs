//! The plots side by side, and the curves of one.

use crate::drawing::Picture;
use crate::gallery::{self, STEPS};
use crate::panel::Panel;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;

/// All plots of the picture.
pub struct Gallery(pub Vec<gallery::Panel>);

const COLUMNS: usize = 3;
const COLORS: [RGBColor; 5] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(255, 127, 14),
    RGBColor(148, 103, 189),
];

impl Picture for Gallery {
    const SIZE: (u32, u32) = (1200, 930);

    fn draw<B: DrawingBackend<ErrorType: 'static>>(
        &self,
        canvas: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), Box<dyn Error>> {
        canvas.fill(&WHITE)?;
        let places = canvas.split_evenly((self.0.len().div_ceil(COLUMNS), COLUMNS));
        for (panel, place) in self.0.iter().zip(&places) {
            curves(panel).draw(place, scale)?;
        }
        Ok(())
    }
}

fn curves(panel: &gallery::Panel) -> Panel<'_> {
    // Room above the curves for their names.
    let top = (1.05 + 0.11 * panel.curves.len() as f64).min(1.49);
    let curves = panel.curves.iter().zip(COLORS).map(|((name, schedule), color)| {
        let points = (1..=STEPS).map(|step| (step as f64, schedule.at(step)));
        (*name, color, points.collect())
    });
    Panel {
        title: panel.title,
        axes: [1.0..STEPS as f64, 0.0..top],
        height_label: &|value| if *value > 1.01 { String::new() } else { format!("{value:.1}") },
        curves: curves.collect(),
    }
}
