//! The losses of each problem side by side.

use crate::Best;
use crate::drawing::Picture;
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

impl Picture for Losses {
    const SIZE: (u32, u32) = (1200, 400);

    fn draw<B: DrawingBackend<ErrorType: 'static>>(
        &self,
        canvas: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), Box<dyn Error>> {
        canvas.fill(&WHITE)?;
        for ((title, runs), place) in self.0.iter().zip(&canvas.split_evenly((1, self.0.len()))) {
            curves(title, runs, place, scale)?;
        }
        Ok(())
    }
}

fn curves<B: DrawingBackend<ErrorType: 'static>>(
    title: &str,
    runs: &[Best],
    place: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), Box<dyn Error>> {
    let steps = runs.iter().map(|run| run.losses.len()).max().unwrap_or(1);
    let font = |size: u32| ("sans-serif", size * scale).into_font();
    let mut chart = ChartBuilder::on(place)
        .caption(title, font(18))
        .margin(10 * scale)
        .margin_right(18 * scale)
        .x_label_area_size(26 * scale)
        .y_label_area_size(44 * scale)
        .build_cartesian_2d(0.0..steps as f64, LEAST..0.5)?;
    chart
        .configure_mesh()
        .x_labels(5)
        .y_labels(5)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|power| format!("1e{power:.0}"))
        .label_style(font(14))
        .set_all_tick_mark_size(4 * scale)
        .axis_style(BLACK.stroke_width(scale))
        .bold_line_style(BLACK.mix(0.12).stroke_width(scale))
        .light_line_style(TRANSPARENT)
        .draw()?;
    let length = scale as i32;
    for (run, color) in runs.iter().zip(&COLORS) {
        let height = |loss: &f64| loss.log10().clamp(LEAST, 0.5);
        let points = run.losses.iter().enumerate().map(|(step, loss)| (step as f64, height(loss)));
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2 * scale)))?
            .label(run.optimizer)
            .legend(move |(left, middle)| {
                let line = [(left, middle), (left + 18 * length, middle)];
                PathElement::new(line, color.stroke_width(2 * scale))
            });
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .legend_area_size(24 * scale)
        .margin(2 * scale)
        .label_font(font(14))
        .draw()?;
    Ok(())
}
