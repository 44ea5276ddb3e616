import { createRequire } from 'node:module';
import { dirname, relative } from 'node:path';

const require = createRequire(import.meta.url);

/**
 * How the pages are built. Nothing here is about one environment: what differs is read when the server starts. Call
 * `scripts/build.mjs`, which sets the two variables, and not `next build`.
 */
const root = process.env.GOLIVE_BUILD_ROOT ?? '';
const isRelease = process.env.GOLIVE_BUILD_RELEASE === 'true';

/** One copy in the browser's bundle; npm puts one beside each of Sentry's packages. */
const sentryCore = dirname(
  createRequire(require.resolve('@sentry/nextjs/package.json')).resolve('@sentry/core/package.json'),
);

/** @type {import('next').NextConfig} */
export default {
  output: 'standalone',
  // What is imported lies above this folder, and while it is built in a temporary one, on another branch of the tree.
  outputFileTracingRoot: root,
  turbopack: {
    root,
    debugIds: isRelease,
    resolveAlias: { '@sentry/core': { browser: `./${relative(import.meta.dirname, sentryCore)}` } },
  },
  transpilePackages: ['@golive/observability'],
  compiler: {
    // Tracing is OpenTelemetry's, and replays are of one document: https://docs.sentry.io/platforms/javascript/configuration/tree-shaking/
    define: {
      __SENTRY_DEBUG__: false,
      __SENTRY_TRACING__: false,
      __RRWEB_EXCLUDE_IFRAME__: true,
      __RRWEB_EXCLUDE_SHADOW_DOM__: true,
      __SENTRY_EXCLUDE_REPLAY_WORKER__: true,
    },
  },
  poweredByHeader: false,
  // `npm run types` does it.
  typescript: { ignoreBuildErrors: true },
  images: { unoptimized: true },
  productionBrowserSourceMaps: isRelease,
  // Every page is made when it is asked for, so there is nothing to keep, and the image's file system is read-only.
  cacheMaxMemorySize: 0,
  experimental: {
    turbopackFileSystemCacheForBuild: false,
    turbopackMinify: isRelease,
  },
};
