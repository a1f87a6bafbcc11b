pub struct Visit {
    #[prost(message, optional, tag = "1")]
    pub starts_at: ::core::option::Option<::prost_types::Timestamp>,
    #[prost(message, optional, tag = "2")]
    pub length: ::core::option::Option<::prost_types::Duration>,
    #[prost(message, optional, tag = "3")]
    pub guests: ::core::option::Option<i32>,
    #[prost(message, optional, tag = "4")]
    pub details: ::core::option::Option<::prost_types::Any>,
}
