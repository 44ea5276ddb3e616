/** In core, because a restore drill's throw-away server must not outlive its process either. */
export * from '../core/shared/supervisor';
