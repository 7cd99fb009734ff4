//! The end of somebody's data. The name stays taken, so that nobody else can speak under it.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Update};

use super::{ABOUT, Accounts, EMAIL, Link, USER, User, delete, key, text, update};
use crate::aws::{self, Transacted, number};
use crate::clock::Timestamp;
use crate::{Error, sessions};

impl Accounts {
    /// Leaves a tombstone in place of a user: no name, no password, no address. Their sessions have
    /// ended. Done again it changes nothing.
    ///
    /// # Errors
    /// When the table does not answer, or the addresses changed meanwhile: ask again.
    pub async fn bury(&self, user: &User) -> Result<(), Error> {
        if user.erased_at.is_some() {
            return Ok(());
        }
        let bury = Update::builder()
            .table_name(&self.table)
            .set_key(Some(aws::text_key(key(USER, &user.id))))
            .update_expression(
                "SET erasedAt = :now, username = :nobody, emails = :none \
                 REMOVE passwordHash, pendingEmail, expiresAt, #role ADD epoch :one",
            )
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":now", text(&Timestamp::now().rfc3339()))
            .expression_attribute_values(":nobody", text(""))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":one", number(1));
        // An address that was confirmed meanwhile must not stay behind.
        let bury = match user.emails.as_slice() {
            [] => bury.condition_expression("attribute_not_exists(emails) OR emails = :none"),
            emails => bury.condition_expression("emails = :emails").expression_attribute_values(
                ":emails",
                AttributeValue::L(emails.iter().map(|email| text(email)).collect()),
            ),
        };
        let mut items = vec![update(bury)?];
        for email in &user.emails {
            items.push(delete(
                Delete::builder()
                    .table_name(&self.table)
                    .set_key(Some(aws::text_key(key(EMAIL, email)))),
            )?);
        }
        match aws::transact(&self.dynamodb, ABOUT, items).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => {
                Err(Error::Fault("the addresses of an account changed while it was erased"))
            }
        }
    }

    /// Deletes the links of a user, which hold an address.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn delete_links(&self, user_id: &str) -> Result<(), Error> {
        let all = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("kind = :kind")
            .filter_expression("userId = :user")
            .expression_attribute_values(":kind", text(Link::KIND))
            .expression_attribute_values(":user", text(user_id))
            .consistent_read(true);
        let mut pages = all.into_paginator().send();
        while let Some(page) = pages.next().await {
            for item in page.map_err(Error::service("Query", ABOUT))?.items.unwrap_or_default() {
                if let Some(AttributeValue::S(id)) = item.get("id") {
                    self.delete_row(Link::KIND, id).await?;
                }
            }
        }
        Ok(())
    }

    /// Deletes what is left of the sessions of a user.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn delete_sessions(&self, user_id: &str) -> Result<(), Error> {
        for id in sessions::keys_of(&self.dynamodb, &self.table, user_id).await? {
            self.delete_row("session", &id).await?;
        }
        Ok(())
    }

    async fn delete_row(&self, kind: &str, id: &str) -> Result<(), Error> {
        self.dynamodb
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(aws::text_key(key(kind, id))))
            .send()
            .await
            .map_err(Error::service("DeleteItem", ABOUT))?;
        Ok(())
    }
}
