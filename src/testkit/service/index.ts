export {
  createSelfSigned,
  openPinnedServer,
  type PinnedServer,
  type ServiceReply,
  type ServiceRequest,
} from './pinned-server.ts';
export { openTestService, type ReceivedCall, type TestService } from './test-service.ts';
