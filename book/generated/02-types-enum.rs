pub enum Color {
    Unspecified = 0,
    Red = 1,
    Green = 2,
}
