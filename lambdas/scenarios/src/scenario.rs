use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::{Body, Capability, Outcome};

/// A scenario that needs nothing but a body's addresses.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its module and its function.
    pub name: &'static str,
    /// What it needs of the platform.
    pub needs: &'static [Capability],
    run: for<'a> fn(&'a Body) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>,
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Scenario {
    /// Runs it on a body, which must have what it needs.
    ///
    /// # Errors
    /// What failed.
    pub async fn run(&self, body: &Body) -> Outcome {
        (self.run)(body).await
    }
}

/// Hands the list of all scenarios that run on any body to a macro: one list, from which the tests
/// of each body are made.
#[macro_export]
macro_rules! every_scenario {
    ($then:path) => {
        $then! {
            tutorial::its_frames_work_as_they_stand [UrlToken],
            tutorial::a_refusal_is_told_even_without_an_id [],
            tutorial::the_body_of_a_frame_speaks_for_nobody_else [],
            tutorial::the_ten_newest_come_oldest_first [],
            accounts::ping_pongs [],
            accounts::a_session_from_sign_up_to_its_end [],
            accounts::a_name_has_one_owner [],
            accounts::one_of_two_racing_sign_ups_wins [],
            accounts::bad_sign_ups_are_refused [],
            accounts::wrong_password_and_unknown_name_look_the_same [],
            accounts::bad_calls_are_refused [],
            accounts::tokens_verify_against_the_published_keys [],
            sockets::hello_tells_who_and_where [],
            sockets::ping_answers_the_rooms_it_names [],
            sockets::without_a_good_token_there_is_no_socket [],
            sockets::a_ticket_opens_one_socket [],
            sockets::forged_tokens_are_refused [UrlToken],
            sockets::a_foreign_page_cannot_open_a_socket [OriginCheck],
            sockets::large_frames_and_fragments_go_through [],
            sockets::too_much_at_once_ends_the_socket [SizeLimits],
            sending::one_message_for_ten_sends_at_once [],
            sending::ids_come_back_as_they_were [],
            sending::a_client_id_names_one_message_for_good [],
            sending::texts_keep_their_bytes [],
            sending::too_much_text_is_refused [],
            sending::a_crowd_agrees_on_one_order [],
            sending::a_reconnecting_client_misses_nothing [],
            history::pages_back_to_the_first_message [],
            history::pages_fit_into_a_frame [],
            history::a_resume_covers_everything [],
            history::a_number_from_the_future_is_not_recovered [],
            input::malformed_frames_are_refused [],
            input::deep_frames_are_refused [DeepFrames],
            input::wrong_fields_are_refused [],
            input::unknown_actions_are_refused [],
        }
    };
}

macro_rules! list {
    ($($module:ident :: $name:ident [$($need:ident),*],)*) => {
        /// Every scenario that runs on any body.
        pub const ALL: &[Scenario] = &[$(Scenario {
            name: concat!(stringify!($module), "::", stringify!($name)),
            needs: &[$(Capability::$need),*],
            run: |body| Box::pin(crate::scenarios::$module::$name(body)),
        }),*];
    };
}

every_scenario!(list);
