/** Lets pages and parts import their styles: vite puts them into the one style sheet of the app. */

declare module '*.css' {}
