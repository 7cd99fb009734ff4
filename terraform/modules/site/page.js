// The client routes by itself: a path that names no file is the page. A missing file stays missing,
// or an old chunk would become HTML.
function handler(event) {
  const request = event.request;
  if (!request.uri.split("/").pop().includes(".")) request.uri = "/index.html";
  return request;
}
