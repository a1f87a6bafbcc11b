async fn say_goodbye(
    &self,
    request: Request<SayGoodbyeRequest>,
) -> Result<Response<SayGoodbyeResponse>, Status> {
    let message = format!("Goodbye, {}!", request.into_inner().name);
    Ok(Response::new(SayGoodbyeResponse { message }))
}
