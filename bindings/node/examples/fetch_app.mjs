// A handler in the form of the web: a Request in, a Response out. Frameworks whose
// applications have `fetch`, such as Hono, are served in the same way.
//
//     npx slotway fetch_app.mjs

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/sum') {
      const { numbers } = await request.json();
      return Response.json({ sum: numbers.reduce((sum, number) => sum + number, 0) });
    }
    return new Response(`hello, ${decodeURIComponent(pathname.split('/').pop())}`);
  },
};
