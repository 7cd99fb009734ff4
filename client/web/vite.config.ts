import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const server = process.env["PARLEY_URL"] ?? "http://localhost:8080";
// The server refuses a foreign Origin, so the proxy presents its own.
const forward = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  build: {
    target: "es2022",
    // The site's Content-Security-Policy allows no inline data except images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/v1": forward,
      "/ping": forward,
      "/.well-known": forward,
      "/ws": { ...forward, ws: true },
    },
  },
});
