export { openTestService, type ReceivedCall, type ServiceAnswer, type TestService } from './test-service.ts';
