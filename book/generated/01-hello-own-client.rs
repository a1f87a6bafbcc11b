let request = SayGoodbyeRequest { name: "you".into() };
let response = greeter.say_goodbye(request).await?;
println!("{}", response.into_inner().message);
