//! Guests that are running.

use crate::guest::{Guest, Words};
use crate::world::{World, watched};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use wasmtime::{Error, Result};

/// A guest that is running, in a task of its own, and what it says.
pub struct Playing {
    task: JoinHandle<Result<bool>>,
    said: UnboundedReceiver<Vec<u8>>,
    role: String,
}

impl Playing {
    pub fn start(guest: &Guest, role: String, address: &str, world: &World) -> Playing {
        let (out, said) = unbounded_channel();
        let arguments = [role.clone(), address.to_owned()];
        let run = guest
            .clone()
            .run(Arc::clone(&world.network), arguments, Words(out));
        Playing {
            task: tokio::spawn(watched(world.clone(), run)),
            said,
            role,
        }
    }

    /// Waits until a server can be reached.
    pub async fn ready(&mut self) -> Result<()> {
        match self.line().await.as_str() {
            "ready" => Ok(()),
            words => self
                .ended(words)
                .await
                .and(Err(Error::msg("it was never ready"))),
        }
    }

    /// Waits for the end; gives what it said, or what went wrong.
    pub async fn end(&mut self) -> Result<String> {
        let words = self.line().await;
        self.ended(&words).await?;
        Ok(words)
    }

    /// Waits for a line, or for as much of one as is said before the end.
    async fn line(&mut self) -> String {
        let mut words = Vec::new();
        while words.last() != Some(&b'\n')
            && let Some(more) = self.said.recv().await
        {
            words.extend(more);
        }
        String::from_utf8_lossy(&words).trim().to_owned()
    }

    async fn ended(&mut self, words: &str) -> Result<()> {
        match (&mut self.task).await?? {
            true => Ok(()),
            false => Err(Error::msg(format!("{}: {words}", self.role))),
        }
    }

    /// Ends it, and waits until its store is gone.
    pub async fn stop(self) {
        if !self.task.is_finished() {
            self.task.abort();
            let _ = self.task.await; // It was cancelled: that is what was asked for.
        }
    }
}
