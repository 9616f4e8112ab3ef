/** A mail server on loopback that keeps what it is sent. */
export { type MailServer, openMailServer, plainText, type ReceivedMail } from './mail-server.ts';
