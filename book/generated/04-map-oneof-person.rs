#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Person {
    #[prost(string, tag = "4")]
    pub note: ::prost::alloc::string::String,
    /// A oneof: at most one of its members is set.
    #[prost(oneof = "person::Reach", tags = "1, 2, 3")]
    pub reach: ::core::option::Option<person::Reach>,
}
/// Nested message and enum types in `Person`.
pub mod person {
    /// A oneof: at most one of its members is set.
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
    pub enum Reach {
        #[prost(string, tag = "1")]
        Email(::prost::alloc::string::String),
        #[prost(string, tag = "2")]
        Phone(::prost::alloc::string::String),
        #[prost(message, tag = "3")]
        Address(super::Address),
    }
}
