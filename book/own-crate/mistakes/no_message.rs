//! A mistake: a type that is no message is sent as one.
//!
//! says: the trait bound `Plain: Message` is not satisfied || the trait bound `Plain: prost::Message` is not satisfied

struct Plain;

fn main() {
    prost::Message::encode_to_vec(&Plain);
}
