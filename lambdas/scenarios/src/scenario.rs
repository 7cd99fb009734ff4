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
            accounts::the_policy_of_sign_ups_is_told [],
            accounts::a_session_from_sign_up_to_its_end [],
            accounts::a_name_has_one_owner [],
            accounts::one_of_two_racing_sign_ups_wins [],
            accounts::bad_sign_ups_are_refused [],
            accounts::lookalike_names_are_refused [],
            accounts::easily_guessed_passwords_are_refused [],
            accounts::a_link_confirms_an_address [Mailbox],
            accounts::an_account_has_several_addresses_and_keeps_the_last [Mailbox],
            accounts::a_known_address_is_told_to_its_owner_alone [Mailbox],
            accounts::two_sign_ups_racing_for_one_address_have_one_owner [Mailbox],
            accounts::wrong_password_and_unknown_name_look_the_same [],
            accounts::bad_calls_are_refused [],
            accounts::a_foreign_page_cannot_call [],
            accounts::tokens_verify_against_the_published_keys [],
            sessions::a_refresh_replaces_the_cookie [],
            sessions::a_replaced_cookie_ends_the_family [],
            sessions::two_windows_may_refresh_at_once [],
            sessions::a_changed_cookie_is_refused [],
            sessions::my_sessions_are_listed_and_ended [],
            sessions::all_sessions_end_at_once [],
            sessions::a_log_out_closes_its_sockets [],
            sessions::an_ended_session_opens_no_socket [],
            sessions::a_token_of_an_ended_session_opens_no_socket [UrlToken],
            passwords::a_forgotten_password_is_reset_by_mail [Mailbox],
            passwords::forgetting_is_answered_alike [Mailbox],
            passwords::a_change_keeps_the_session_that_asks [],
            passwords::wrong_passwords_have_to_wait [],
            passwords::guesses_from_within_have_to_wait [],
            sockets::hello_tells_who_and_where [],
            sockets::ping_answers_the_rooms_it_names [],
            sockets::without_a_good_token_there_is_no_socket [],
            sockets::a_ticket_opens_one_socket [],
            sockets::forged_tokens_are_refused [UrlToken],
            sockets::a_foreign_page_cannot_open_a_socket [],
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
            history::a_crowd_over_bad_lines_has_one_history [],
            input::malformed_frames_are_refused [],
            input::deep_frames_are_refused [DeepFrames],
            input::wrong_fields_are_refused [],
            input::unknown_actions_are_refused [],
            outside::a_token_of_another_issuer_opens_a_socket [Outside],
            outside::it_cannot_be_somebody_here [Outside],
            outside::bad_tokens_of_another_issuer_are_refused [Outside],
            admin::an_account_made_by_an_administrator_begins_with_its_link [Admin],
            admin::a_new_link_is_for_who_forgot_and_gets_no_mail [Admin],
            admin::roles_are_shown [Admin],
            admin::disable_closes_and_enable_lets_in_again [Admin],
            admin::sessions_are_ended [Admin],
            admin::an_outside_person_can_be_kept_out [Admin, Outside],
            admin::what_does_not_exist_is_refused [Admin],
            admin::erase_leaves_numbers_and_the_name [Admin, Mailbox],
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
