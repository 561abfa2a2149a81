use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Who draws. Each (role, index) has a random stream of its own, so that one customer's life does not
/// depend on how many others there are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    Catalogue = 1,
    Person = 2,
    Life = 3,
    Stranger = 4,
    Device = 5,
    Bot = 6,
    Arrivals = 7,
    Network = 8,
    Malformed = 9,
}

/// Draws beyond this many 32-bit words run into the next occasion's; the longest visit uses a few hundred.
const WORDS_PER_OCCASION: u128 = 1 << 16;

/// A source of random draws that gives the same numbers for the same seed on every machine: the generator
/// is fixed, and the functions that shape its output are written in pure Rust.
#[derive(Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64, role: Role, index: u64) -> Self {
        Self::on_occasion(seed, role, index, 0)
    }

    /// The draws of one occasion in the life of `index`: nothing has to be kept between occasions but
    /// their number.
    pub(crate) fn on_occasion(seed: u64, role: Role, index: u64, occasion: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(((role as u64) << 56) | index);
        generator.set_word_pos(u128::from(occasion) * WORDS_PER_OCCASION);
        Self(generator)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `0..count`; 0 for an empty range.
    #[expect(clippy::cast_possible_truncation, reason = "the high half of a 128-bit product fits 64 bits")]
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// Uniform from `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u32, most: u32) -> u32 {
        let span = (most.saturating_sub(least) as usize) + 1;
        least + u32::try_from(self.below(span)).unwrap_or(0)
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// An index, each as likely as its weight.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u32 = weights.iter().sum();
        let mut left = self.below(total as usize);
        for (at, weight) in weights.iter().enumerate() {
            let weight = *weight as usize;
            if left < weight {
                return at;
            }
            left -= weight;
        }
        0
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    pub(crate) fn weibull(&mut self, shape: f64, scale: f64) -> f64 {
        scale * libm::pow(-libm::log(1.0 - self.unit()), 1.0 / shape)
    }

    /// A random identifier in the shape of a version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }
}
