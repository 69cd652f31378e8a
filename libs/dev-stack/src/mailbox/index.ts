export { Mailbox, type MailboxOptions, type ReceivedMail } from './mailbox.js';
