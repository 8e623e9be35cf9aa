//! A plot with several curves and their names, for the examples that draw some side by side.

use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;
use std::ops::Range;

/// Curves over the same axes.
pub struct Panel<'a> {
    /// What stands above.
    pub title: &'a str,
    /// From where to where each axis goes.
    pub axes: [Range<f64>; 2],
    /// What is written beside a height.
    pub height_label: &'a dyn Fn(&f64) -> String,
    /// Names, colors and points.
    pub curves: Vec<(&'a str, RGBColor, Vec<(f64, f64)>)>,
}

impl Panel<'_> {
    /// Draws it, all lengths multiplied by `scale`.
    pub fn draw<B: DrawingBackend<ErrorType: 'static>>(
        self,
        place: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), Box<dyn Error>> {
        let Self { title, axes: [across, up], height_label, curves } = self;
        let font = |size: u32| ("sans-serif", size * scale).into_font();
        let mut chart = ChartBuilder::on(place)
            .caption(title, font(20))
            .margin(10 * scale)
            .margin_right(18 * scale)
            .x_label_area_size(26 * scale)
            .y_label_area_size(36 * scale)
            .build_cartesian_2d(across, up)?;
        chart
            .configure_mesh()
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|step| format!("{step:.0}"))
            .y_label_formatter(&height_label)
            .label_style(font(14))
            .set_all_tick_mark_size(4 * scale)
            .axis_style(BLACK.stroke_width(scale))
            .bold_line_style(BLACK.mix(0.12).stroke_width(scale))
            .light_line_style(TRANSPARENT)
            .draw()?;

        let length = scale as i32;
        for (name, color, points) in curves {
            let style = color.stroke_width(2 * scale);
            chart.draw_series(LineSeries::new(points, style))?.label(name).legend(move |(left, middle)| {
                PathElement::new([(left, middle), (left + 18 * length, middle)], style)
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
}
