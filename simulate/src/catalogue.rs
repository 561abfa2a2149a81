use crate::chance::{Chance, Role};
use crate::json::ObjectWriter;

/// What the store sells: made from the seed alone, so that two runs of one seed sell the same things.
#[derive(Debug)]
pub(crate) struct Catalogue {
    products: Vec<Product>,
    /// Product indexes by category.
    by_category: Vec<Vec<usize>>,
}

#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) product_id: String,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) category: &'static str,
    pub(crate) brand: &'static str,
    pub(crate) color: &'static str,
    /// 0 budget, 1 middle, 2 premium.
    pub(crate) band: usize,
    pub(crate) price_cents: u64,
}

/// Some of one product, in a cart or an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) product: usize,
    pub(crate) quantity: u32,
}

const BANDS: [&str; 3] = ["budget", "mid", "premium"];
const BRANDS: [&str; 8] = ["Alder", "Brightwell", "Corvo", "Dune", "Elmsley", "Fjord & Co", "Gale", "Halden"];
const COLORS: [&str; 9] = ["black", "white", "red", "blue", "green", "grey", "sand", "navy", "yellow"];
const MATERIALS: [&str; 8] = ["Linen", "Cotton", "Wool", "Oak", "Steel", "Leather", "Recycled", "Bamboo"];
/// A category, what is in it, and the usual price of its middle band in cents.
const CATEGORIES: [(&str, &[&str], f64); 8] = [
    ("Shirts", &["Shirt", "T-Shirt", "Blouse", "Polo"], 3_900.0),
    ("Trousers", &["Jeans", "Chinos", "Shorts"], 5_900.0),
    ("Shoes", &["Sneaker", "Boot", "Sandal", "Loafer"], 8_900.0),
    ("Outerwear", &["Jacket", "Parka", "Raincoat"], 14_900.0),
    ("Accessories", &["Belt", "Scarf", "Cap", "Wallet", "Sunglasses"], 2_400.0),
    ("Kitchen", &["Pan", "Knife", "Bowl", "Mug"], 3_200.0),
    ("Bath", &["Towel", "Bath Mat", "Soap Dish"], 1_900.0),
    ("Toys", &["Puzzle", "Plush Bear", "Train Set"], 2_700.0),
];

impl Catalogue {
    pub(crate) fn new(seed: u64, count: u32) -> Self {
        let mut chance = Chance::new(seed, Role::Catalogue, 0);
        let mut by_category = vec![Vec::new(); CATEGORIES.len()];
        let products = (0..count as usize)
            .map(|at| {
                let category = at % CATEGORIES.len();
                if let Some(products) = by_category.get_mut(category) {
                    products.push(at);
                }
                make_product(&mut chance, at, category)
            })
            .collect();
        by_category.retain(|products| !products.is_empty());
        Self { products, by_category }
    }

    pub(crate) fn product(&self, at: usize) -> &Product {
        &self.products[at]
    }

    pub(crate) fn category_count(&self) -> usize {
        self.by_category.len()
    }

    /// A few different products of one category, popular ones more often.
    pub(crate) fn shelf(&self, category: usize, size: usize, chance: &mut Chance) -> Vec<usize> {
        let products = &self.by_category[category % self.by_category.len()];
        let mut shelf: Vec<usize> = Vec::with_capacity(size);
        for _ in 0..size * 3 {
            // The square of a uniform number favours the front of the list: a long tail of sellers.
            let draw = chance.unit() * chance.unit();
            #[expect(clippy::cast_precision_loss, reason = "at most a hundred thousand products")]
            let front = draw * products.len() as f64;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
            let product = products[(front as usize).min(products.len() - 1)];
            if !shelf.contains(&product) {
                shelf.push(product);
            }
            if shelf.len() == size {
                break;
            }
        }
        shelf
    }

    pub(crate) fn value_cents(&self, lines: &[Line]) -> u64 {
        lines.iter().map(|line| self.product(line.product).price_cents * u64::from(line.quantity)).sum()
    }

    /// The lines as `products`, in the shape of the ecommerce events.
    pub(crate) fn write_lines(&self, lines: &[Line], properties: &mut ObjectWriter<'_>) {
        properties.objects("products", lines, |item, line| {
            self.product(line.product).write(item);
            item.number("quantity", line.quantity);
        });
    }
}

impl Product {
    pub(crate) fn write(&self, properties: &mut ObjectWriter<'_>) {
        properties.text("product_id", &self.product_id);
        properties.text("sku", &self.sku);
        properties.text("name", &self.name);
        properties.text("category", self.category);
        properties.text("brand", self.brand);
        properties.text("color", self.color);
        properties.text("price_band", BANDS[self.band]);
        properties.money("price", self.price_cents);
    }
}

fn make_product(chance: &mut Chance, at: usize, category: usize) -> Product {
    let (category, kinds, usual_cents) = CATEGORIES[category];
    let band = chance.weighted(&[4, 4, 2]);
    let factor = [0.5, 1.0, 2.2][band];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive price, rounded")]
    let euros = (chance.lognormal(usual_cents * factor, 0.25) / 100.0).max(1.0) as u64;
    let color = *chance.pick(&COLORS);
    let brand = *chance.pick(&BRANDS);
    let (material, kind) = (chance.pick(&MATERIALS), chance.pick(kinds));
    Product {
        product_id: format!("P{:05}", at + 1),
        sku: format!("{}-{:05}", brand.get(..2).unwrap_or("XX").to_uppercase(), at + 1),
        name: format!("{material} {kind}"),
        category,
        brand,
        color,
        band,
        price_cents: euros * 100 + [0, 50, 90, 95, 99][chance.below(5)],
    }
}
