//! Generates the client's types. The generated file is committed, so that the client builds without
//! Rust; this test fails when it is behind. `UPDATE=1 cargo test -p protocol` writes it.

use std::path::Path;

use ts_rs::{Config, TS};

use crate::limits::{self, Limits};
use crate::{
    AccountStatus, Change, ChangePassword, Changed, ChangesPage, CloseCode, CreateRoom,
    DeleteMessage, EditMessage, Emails, ErrorBody, ErrorCode, Event, GetRecentMessages, Greeting,
    Hello, JoinRoom, Joined, LeaveRoom, Left, ListRooms, LoginName, Me, Member, Message,
    MessagesPage, NewAccount, NewEmail, NewSession, Ping, Pong, Problem, Refusal, RequestId,
    ResetPassword, Role, RoomHead, RoomInfo, RoomPresence, RoomsPage, SendMessage, Session,
    SessionInfo, Sessions, SignUp, SignUpPolicy, SignedUp, Stored, Ticket, Tombstone, UnlinkEmail,
    VerifiedEmail, VerifyEmail,
};

const PATH: &str = "../../client/sdk/src/protocol.ts";

fn generate() -> String {
    let config = Config::default();
    let mut out = String::from(
        "// Generated from lambdas/protocol by its test. Do not edit: run `UPDATE=1 cargo test -p protocol`.\n",
    );
    macro_rules! declare {
        ($($type:ty),* $(,)?) => {$(
            let docs = <$type as TS>::docs().unwrap_or_default();
            out += &format!("\n{docs}export {}\n", <$type as TS>::decl(&config));
        )*};
    }
    declare!(
        RequestId,
        ErrorCode,
        ErrorBody,
        Refusal,
        Message,
        Tombstone,
        Member,
        Change,
        Event,
        Limits,
        RoomHead,
        RoomPresence,
        Hello,
        Ping,
        SendMessage,
        EditMessage,
        DeleteMessage,
        CreateRoom,
        JoinRoom,
        LeaveRoom,
        ListRooms,
        GetRecentMessages,
        Greeting,
        Pong,
        Stored,
        Changed,
        Joined,
        Left,
        RoomInfo,
        RoomsPage,
        MessagesPage,
        ChangesPage,
        SignUp,
        SignUpPolicy,
        NewAccount,
        AccountStatus,
        SignedUp,
        LoginName,
        VerifyEmail,
        VerifiedEmail,
        NewEmail,
        UnlinkEmail,
        Emails,
        ChangePassword,
        ResetPassword,
        NewSession,
        Session,
        Ticket,
        SessionInfo,
        Sessions,
        Role,
        Me,
        Problem,
    );
    out += &format!(
        "\n/** Each action's request fields and the fields of its successful reply. */\n\
         export interface Actions {{\n  \
           hello: {{ request: Hello; reply: Greeting }};\n  \
           ping: {{ request: Ping; reply: Pong }};\n  \
           sendMessage: {{ request: SendMessage; reply: Stored }};\n  \
           editMessage: {{ request: EditMessage; reply: Changed }};\n  \
           deleteMessage: {{ request: DeleteMessage; reply: Changed }};\n  \
           createRoom: {{ request: CreateRoom; reply: Joined }};\n  \
           joinRoom: {{ request: JoinRoom; reply: Joined }};\n  \
           leaveRoom: {{ request: LeaveRoom; reply: Left }};\n  \
           listRooms: {{ request: ListRooms; reply: RoomsPage }};\n  \
           getRecentMessages: {{ request: GetRecentMessages; reply: MessagesPage | ChangesPage }};\n\
         }}\n\
         \n/** The limits of `chat.v1`; `hello` tells a server's own. */\n\
         export const LIMITS = {{\n  textBytes: {},\n  textJsonBytes: {},\n  frameBytes: {},\n  pageDefault: {},\n  \
           pageMessages: {},\n  usernameMin: {},\n  usernameMax: {},\n  passwordMin: {},\n  \
           passwordMax: {},\n  clientIdCharacters: {},\n  topicBytes: {},\n  roomCharacters: {},\n  \
           roomsPerSocket: {},\n  socketsPerPerson: {},\n  writesPerWindow: {},\n  \
           writeWindowMs: {},\n  roomsPageMax: {},\n  pingAfterMs: {},\n  \
           requestTimeoutMs: {},\n  holdMs: {},\n}} as const;\n\
         \n/** Close codes of ours that a client treats in its own way. */\n\
         export const CLOSE_CODES = {{\n  sessionEnded: {},\n  tooManySockets: {},\n  handover: {},\n}} as const;\n",
        limits::TEXT_BYTES,
        limits::TEXT_JSON_BYTES,
        limits::FRAME_BYTES,
        limits::PAGE_DEFAULT,
        limits::PAGE_MAX,
        limits::USERNAME_MIN,
        limits::USERNAME_MAX,
        limits::PASSWORD_MIN,
        limits::PASSWORD_MAX,
        limits::CLIENT_ID_MAX,
        limits::TOPIC_BYTES,
        limits::ROOM_MAX,
        limits::ROOMS_MAX,
        limits::SOCKETS_MAX,
        limits::WRITES_MAX,
        limits::WRITE_WINDOW_MS,
        limits::ROOMS_PAGE_MAX,
        limits::PING_AFTER_MS,
        limits::REQUEST_TIMEOUT_MS,
        limits::HOLD_MS,
        CloseCode::SessionEnded.number(),
        CloseCode::TooManySockets.number(),
        CloseCode::Handover.number(),
    );
    out
}

#[test]
fn the_clients_types_are_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH);
    let generated = generate();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, generated).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "{PATH} is behind lambdas/protocol: run `UPDATE=1 cargo test -p protocol`"
    );
}
