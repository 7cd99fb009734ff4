//! The function's process on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    chat::runtime::run(rooms::Ctx::new, rooms::handle).await
}
