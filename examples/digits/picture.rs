//! The losses as curves, in an SVG and in a PNG file.

use crate::drawing::{self, Picture};
use crate::run::Run;
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;
use std::ops::Range;
use std::path::{Path, PathBuf};

const SIZE: (u32, u32) = (1200, 800);
/// Width of the legend beside the curves.
const LEGEND: u32 = 290;

const COLORS: [RGBColor; 10] = [
    RGBColor(127, 127, 127),
    RGBColor(140, 86, 75),
    RGBColor(188, 189, 34),
    RGBColor(31, 119, 180),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(255, 127, 14),
    RGBColor(148, 103, 189),
    RGBColor(0, 0, 0),
    RGBColor(23, 190, 207),
];

/// Writes both files into a directory.
pub fn draw(runs: &[Run], directory: &Path) -> Result<[PathBuf; 2], Box<dyn Error>> {
    drawing::write(&Curves(runs), &directory.join("digits-loss"))
}

struct Curves<'a>(&'a [Run]);

impl Picture for Curves<'_> {
    const SIZE: (u32, u32) = SIZE;

    fn draw<B: DrawingBackend<ErrorType: 'static>>(
        &self,
        canvas: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), Box<dyn Error>> {
        curves(self.0, canvas, scale)
    }
}

/// Draws everything, all lengths multiplied by `scale`.
fn curves<B: DrawingBackend<ErrorType: 'static>>(
    runs: &[Run],
    canvas: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), Box<dyn Error>> {
    canvas.fill(&WHITE)?;
    let (plot, legend) = canvas.split_horizontally((SIZE.0 - LEGEND) * scale);
    let font = |size: u32| ("sans-serif", size * scale).into_font();
    let mut chart = ChartBuilder::on(&plot)
        .caption("Loss on the training set after each epoch", font(26))
        .margin(16 * scale)
        .x_label_area_size(52 * scale)
        .y_label_area_size(84 * scale)
        .build_cartesian_2d(0.0..epochs(runs), range(runs).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .y_desc("mean cross-entropy")
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .y_label_formatter(&|loss| format!("{loss}"))
        .label_style(font(18))
        .axis_desc_style(font(20))
        .set_all_tick_mark_size(5 * scale)
        .axis_style(BLACK.stroke_width(scale))
        .bold_line_style(BLACK.mix(0.2).stroke_width(scale))
        .light_line_style(BLACK.mix(0.07).stroke_width(scale))
        .draw()?;

    let length = scale as i32;
    for (number, (run, color)) in runs.iter().zip(COLORS.iter().cycle()).enumerate() {
        let style = color.stroke_width(2 * scale);
        let points = (0..).map(f64::from).zip(run.losses.iter().copied());
        // A curve that lies on another one is dashed, so that both can be seen.
        let is_dashed = runs[..number].iter().any(|other| other.losses == run.losses);
        let top = length * (80 + 54 * number as i32);
        let sample = [(0, top), (30 * length, top)];
        if is_dashed {
            chart.draw_series(DashedLineSeries::new(points, 9 * length, 9 * length, style))?;
            legend.draw(&DashedPathElement::new(sample, 9 * length, 9 * length, style))?;
        } else {
            chart.draw_series(LineSeries::new(points, style))?;
            legend.draw(&PathElement::new(sample, style))?;
        }

        let left = Pos::new(HPos::Left, VPos::Center);
        let name = font(19).into_text_style(&legend).pos(left);
        let details = font(16).color(&BLACK.mix(0.6)).pos(left);
        let accuracy = format!("{}, test accuracy {:.1} %", run.formats[0], 100.0 * run.accuracy);
        legend.draw(&Text::new(run.name.as_str(), (40 * length, top), name))?;
        legend.draw(&Text::new(accuracy, (40 * length, top + 21 * length), details))?;
    }
    Ok(())
}

fn epochs(runs: &[Run]) -> f64 {
    runs.iter().map(|run| run.losses.len() - 1).max().unwrap_or(1) as f64
}

/// From a little below the smallest loss to a little above the largest.
fn range(runs: &[Run]) -> Range<f64> {
    let losses = runs.iter().flat_map(|run| &run.losses).map(|loss| loss.max(1e-9));
    let (low, high) = losses.fold((1.0f64, 0.0f64), |(low, high), loss| (low.min(loss), high.max(loss)));
    low * 0.7..high * 1.3
}
