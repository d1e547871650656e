/** A mistake of the user's: the command prints the message without a stack and exits with status 1. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
