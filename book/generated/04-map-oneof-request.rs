#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SaveRequest {
    /// A map: at most one person for each name, in no order.
    #[prost(map = "string, message", tag = "1")]
    pub people: ::std::collections::HashMap<::prost::alloc::string::String, Person>,
}
