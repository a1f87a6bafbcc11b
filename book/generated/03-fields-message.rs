#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Product {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    /// In cents.
    #[prost(int32, tag = "2")]
    pub price: i32,
    #[prost(message, optional, tag = "4")]
    pub size: ::core::option::Option<product::Size>,
    /// From 1 to 5.
    #[prost(int32, repeated, tag = "5")]
    pub ratings: ::prost::alloc::vec::Vec<i32>,
    /// In percent. Not set: nobody has decided yet. 0: there is none.
    #[prost(int32, optional, tag = "6")]
    pub discount: ::core::option::Option<i32>,
    /// 16 is the first number whose tag takes two bytes.
    #[prost(string, repeated, tag = "16")]
    pub labels: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
}
