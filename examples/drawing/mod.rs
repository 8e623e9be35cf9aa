//! A picture as an SVG and as a PNG file, for the examples that draw one.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// The PNG is drawn larger by this factor and averaged down, which smooths its lines.
const OVERSAMPLING: u32 = 3;

/// What can be drawn on any canvas.
pub trait Picture {
    /// Width and height.
    const SIZE: (u32, u32);

    /// Draws everything, all lengths multiplied by `scale`.
    fn draw<B: DrawingBackend<ErrorType: 'static>>(
        &self,
        canvas: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<(), Box<dyn Error>>;
}

/// Writes both files: `path` with the endings `.svg` and `.png`.
pub fn write<P: Picture>(picture: &P, path: &Path) -> Result<[PathBuf; 2], Box<dyn Error>> {
    // "sans-serif" is what the SVG asks the viewer for; its text is measured with this font.
    let font = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
    assert!(font.is_ok(), "the embedded font is intact");
    let (svg, png) = (path.with_extension("svg"), path.with_extension("png"));
    picture.draw(&SVGBackend::new(&svg, P::SIZE).into_drawing_area(), 1)?;

    let large = (P::SIZE.0 * OVERSAMPLING, P::SIZE.1 * OVERSAMPLING);
    let mut pixels = vec![0; 3 * large.0 as usize * large.1 as usize];
    let canvas = BitMapBackend::with_buffer(&mut pixels, large).into_drawing_area();
    picture.draw(&canvas, OVERSAMPLING)?;
    drop(canvas);
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(&png)?), P::SIZE.0, P::SIZE.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&averaged(&pixels, P::SIZE))?;
    Ok([svg, png])
}

/// Replaces each square of pixels by its mean, where `size` is what is left of them.
fn averaged(pixels: &[u8], size: (u32, u32)) -> Vec<u8> {
    let side = OVERSAMPLING as usize;
    let (width, height) = (size.0 as usize, size.1 as usize);
    let mean = |row: usize, column: usize, color: usize| {
        let square = (0..side * side).map(|place| {
            let (row, column) = (row * side + place / side, column * side + place % side);
            u32::from(pixels[3 * (row * width * side + column) + color])
        });
        (square.sum::<u32>() / (OVERSAMPLING * OVERSAMPLING)) as u8
    };
    let rows = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
    rows.flat_map(|(row, column)| [0, 1, 2].map(|color| mean(row, column, color))).collect()
}
