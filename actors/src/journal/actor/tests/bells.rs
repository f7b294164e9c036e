//! Doorbells: rung for everybody, never waited for.

use actix::{Context, Handler};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::journal::{JournalMoved, Origin, ReadFrom, Start, Subscribe};
use crate::port::testing::Operation;

/// Notes who rang.
struct Porter(UnboundedSender<Origin>);

impl actix::Actor for Porter {
    type Context = Context<Self>;
}

impl Handler<JournalMoved> for Porter {
    type Result = ();

    fn handle(&mut self, message: JournalMoved, _: &mut Self::Context) {
        self.0.send(message.origin).unwrap();
    }
}

async fn hang_up(journal: &Addr<JournalActor<LaneFold>>) -> UnboundedReceiver<Origin> {
    let (sender, rung) = unbounded_channel();
    let bell = Porter(sender).start().recipient();
    journal.send(Subscribe { bell }).await.unwrap();
    rung
}

fn foreign_row() -> &'static [u8] {
    b"{\"op\":\"RELEASE\",\"lane\":\"x\",\"loop_ts\":\"t\",\"seq\":9}\n"
}

#[actix::test]
async fn rings_for_our_rows_and_for_those_of_others() {
    let storage = MemoryStorage::default();
    let journal = start(&storage);
    let mut rung = hang_up(&journal).await;
    journal.send(rows(1)).await.unwrap().unwrap();
    assert_eq!(rung.recv().await, Some(Origin::Own));
    storage.append_foreign(super::journal(), foreign_row());
    assert_eq!(rung.recv().await, Some(Origin::Foreign));
}

#[actix::test]
async fn rings_for_foreign_rows_whoever_noticed_them_first() {
    let storage = MemoryStorage::default();
    let journal = start(&storage);
    let mut rung = hang_up(&journal).await;
    storage.interrupt(Operation::Append, 0, |disk| {
        disk.append_foreign(super::journal(), foreign_row());
    });
    journal.send(rows(1)).await.unwrap().unwrap();
    assert_eq!(rung.recv().await, Some(Origin::Foreign), "noticed by an append");
    assert_eq!(rung.recv().await, Some(Origin::Own));
    storage.append_foreign(super::journal(), foreign_row());
    let read = ReadFrom { start: Start::End, max_rows: 1, max_bytes: 1 };
    journal.send(read).await.unwrap().unwrap();
    assert_eq!(rung.recv().await, Some(Origin::Foreign), "noticed by a reader");
}

#[actix::test]
async fn a_full_mailbox_holds_nobody_up_and_a_gone_actor_is_forgotten() {
    /// Never opens the door.
    struct Deaf;

    impl actix::Actor for Deaf {
        type Context = Context<Self>;

        fn started(&mut self, ctx: &mut Self::Context) {
            ctx.set_mailbox_capacity(1);
            actix::AsyncContext::wait(ctx, actix::fut::wrap_future(std::future::pending()));
        }
    }

    impl Handler<JournalMoved> for Deaf {
        type Result = ();

        fn handle(&mut self, _: JournalMoved, _: &mut Self::Context) {}
    }

    let storage = MemoryStorage::default();
    let journal = start(&storage);
    let deaf = Deaf.start();
    journal.send(Subscribe { bell: deaf.clone().recipient() }).await.unwrap();
    let (sender, _) = unbounded_channel();
    let gone = Porter(sender).start();
    journal.send(Subscribe { bell: gone.recipient() }).await.unwrap();
    let mut rung = hang_up(&journal).await;
    for _ in 0..64 {
        journal.send(rows(1)).await.unwrap().unwrap();
        assert_eq!(rung.recv().await, Some(Origin::Own));
    }
    assert!(deaf.connected());
}
