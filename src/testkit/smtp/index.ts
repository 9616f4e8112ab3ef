/** A mail server on loopback that keeps what it is sent. */
export { type MailServer, openMailServer, type ReceivedMail } from './mail-server.ts';
