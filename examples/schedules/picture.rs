//! The plots side by side, and the curves of one.

use crate::drawing::Picture;
use crate::gallery::{Panel, STEPS};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;

/// All plots of the picture.
pub struct Gallery(pub Vec<Panel>);

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
            curves(panel, place, scale)?;
        }
        Ok(())
    }
}

fn curves<B: DrawingBackend<ErrorType: 'static>>(
    panel: &Panel,
    place: &DrawingArea<B, Shift>,
    scale: u32,
) -> Result<(), Box<dyn Error>> {
    let font = |size: u32| ("sans-serif", size * scale).into_font();
    // Room above the curves for their names.
    let top = (1.05 + 0.11 * panel.curves.len() as f64).min(1.49);
    let mut chart = ChartBuilder::on(place)
        .caption(panel.title, font(20))
        .margin(10 * scale)
        .margin_right(18 * scale)
        .x_label_area_size(26 * scale)
        .y_label_area_size(36 * scale)
        .build_cartesian_2d(1.0..STEPS as f64, 0.0..top)?;
    chart
        .configure_mesh()
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|value| if *value > 1.01 { String::new() } else { format!("{value:.1}") })
        .label_style(font(14))
        .set_all_tick_mark_size(4 * scale)
        .axis_style(BLACK.stroke_width(scale))
        .bold_line_style(BLACK.mix(0.12).stroke_width(scale))
        .light_line_style(TRANSPARENT)
        .draw()?;

    let length = scale as i32;
    for ((name, schedule), color) in panel.curves.iter().zip(&COLORS) {
        let points = (1..=STEPS).map(|step| (step as f64, schedule.at(step)));
        chart.draw_series(LineSeries::new(points, color.stroke_width(2 * scale)))?.label(*name).legend(
            move |(left, middle)| {
                let line = [(left, middle), (left + 18 * length, middle)];
                PathElement::new(line, color.stroke_width(2 * scale))
            },
        );
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
