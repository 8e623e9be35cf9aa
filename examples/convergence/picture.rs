//! The losses of each problem side by side.

use crate::Best;
use crate::drawing::Picture;
use crate::panel::Panel;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;

/// A title and the runs of each problem.
pub struct Losses(pub Vec<(&'static str, Vec<Best>)>);

const COLORS: [RGBColor; 5] = [
    RGBColor(120, 120, 120),
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
];

/// The least share of the first loss that is drawn, as a power of ten.
const LEAST: f64 = -3.2;
/// The largest.
const MOST: f64 = 0.5;

impl Picture for Losses {
    const SIZE: (u32, u32) = (1200, 400);

    fn draw<B: DrawingBackend<ErrorType: 'static>>(
        &self,
        canvas: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), Box<dyn Error>> {
        canvas.fill(&WHITE)?;
        for ((title, runs), place) in self.0.iter().zip(&canvas.split_evenly((1, self.0.len()))) {
            let steps = runs.iter().map(|run| run.losses.len()).max().unwrap_or(1);
            let height = |loss: &f64| loss.log10().clamp(LEAST, MOST);
            let curves = runs.iter().zip(COLORS).map(|(run, color)| {
                let points = run.losses.iter().enumerate().map(|(step, loss)| (step as f64, height(loss)));
                (run.optimizer, color, points.collect())
            });
            let panel = Panel {
                title,
                axes: [0.0..steps as f64, LEAST..MOST],
                height_label: &|power| format!("1e{power:.0}"),
                curves: curves.collect(),
            };
            panel.draw(place, scale)?;
        }
        Ok(())
    }
}
