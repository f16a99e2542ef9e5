from specs import saying

app = saying("package.inside")
